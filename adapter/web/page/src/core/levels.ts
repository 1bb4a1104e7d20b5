// How loud something is, and how loud it was lately: for meters, and for saying whether anything is heard at all. Pure.

/** Root mean square above which a sound is one: a thousandth of full level (-60 dBFS). A microphone that its own switch
 * mutes gives zeros; the quietest that works gives more than this as soon as somebody speaks. */
const NOTHING = 0.001;
/** Speech has a root mean square of about a fifth of full level at most: stretched so that it fills a meter. */
const STRETCH = 4;

/** Loudness from 0 to 1 of some samples; 0 is silence. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const mean = Math.sqrt(sum / samples.length);
  return mean < NOTHING ? 0 : Math.min(1, mean * STRETCH);
}

/** The last values, oldest first; before there were any, silence. */
export class History {
  private readonly kept: number[];

  constructor(length: number) {
    this.kept = new Array<number>(length).fill(0);
  }

  push(value: number): void {
    this.kept.shift();
    this.kept.push(value);
  }

  clear(): void {
    this.kept.fill(0);
  }

  get values(): readonly number[] {
    return this.kept;
  }
}

/** An SVG path of upright bars, one for each value, around the middle of a row of this height. Silence is a dot. */
export function bars(values: readonly number[], width: number, height: number): string {
  const step = width / values.length;
  return values
    .map((value, place) => {
      const half = Math.max(1, value * (height - 4)) / 2;
      const x = round((place + 0.5) * step);
      return `M${x} ${round(height / 2 - half)}V${round(height / 2 + half)}`;
    })
    .join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
