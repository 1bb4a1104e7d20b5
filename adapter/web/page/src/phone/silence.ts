// Silence that flows: ChanSpy needs frames from the supervisor, or it notices late that the call has ended, and begins
// late to pass on what they say (Asterisk's issue 2123).

/** WebCodecs' generator of tracks: in Chromium and what is made of it, not in the TypeScript library yet. */
interface Generator extends MediaStreamTrack {
  readonly writable: WritableStream<AudioData>;
}
declare const MediaStreamTrackGenerator: (new (init: { kind: "audio" }) => Generator) | undefined;

const RATE = 48_000;
const FRAMES = RATE / 50;
const FRAME_US = 20_000;
const PAUSE_MS = 20;
/** Frames made at once after a pause that was too long (timers of hidden pages): more would only wait. */
const AT_ONCE = 5;

/** From the audio context: exact, and only while the browser lets it run. */
export function ofContext(context: AudioContext): MediaStreamTrack {
  const out = context.createMediaStreamDestination();
  const zero = context.createConstantSource();
  zero.offset.value = 0;
  zero.connect(out);
  zero.start();
  return out.stream.getAudioTracks()[0]!;
}

/** Made frame by frame, also where the browser blocks sound until somebody clicks; null where it can't be made. */
export function ofFrames(): { track: MediaStreamTrack; stop: () => void } | null {
  if (typeof MediaStreamTrackGenerator === "undefined" || typeof AudioData === "undefined") return null;
  const track = new MediaStreamTrackGenerator({ kind: "audio" });
  const writer = track.writable.getWriter();
  const silence = new Float32Array(FRAMES);
  let made = performance.now() * 1000;
  const timer = setInterval(() => {
    const now = performance.now() * 1000;
    made = Math.max(made, now - AT_ONCE * FRAME_US);
    for (; made <= now; made += FRAME_US) {
      const shape = { format: "f32", sampleRate: RATE, numberOfFrames: FRAMES, numberOfChannels: 1 } as const;
      writer.write(new AudioData({ ...shape, timestamp: Math.round(made), data: silence })).catch(() => clearInterval(timer));
    }
  }, PAUSE_MS);
  const stop = () => {
    clearInterval(timer);
    track.stop();
  };
  return { track, stop };
}
