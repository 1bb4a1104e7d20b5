// What is heard and said, as it was in the last seconds: a row of bars for the call, and one for my microphone.

import { useEffect, useRef } from "preact/hooks";
import { bars } from "../core/levels";
import { words } from "../words";
import type { Picture, Softphone } from "./softphone";

const DRAW_MS = 100;
const WIDTH = 300;
const HEIGHT = 24;

/** Both parties of the call arrive mixed: they have one row. Drawn ten times a second, outside of rendering. */
export function Levels({ phone, picture }: { phone: Softphone; picture: Picture }) {
  const call = useRef<SVGPathElement>(null);
  const you = useRef<SVGPathElement>(null);
  useEffect(() => {
    const draw = () => {
      const { hearing, speaking } = phone.history;
      call.current?.setAttribute("d", bars(hearing.values, WIDTH, HEIGHT));
      you.current?.setAttribute("d", bars(speaking.values, WIDTH, HEIGHT));
    };
    draw();
    const timer = setInterval(draw, DRAW_MS);
    return () => clearInterval(timer);
  }, [phone]);
  const { open, heardByMeter, flowing } = picture;
  return (
    <div class="levels">
      <span>{words.levelCall}</span>
      <Wave path={call} kind="call" />
      <span class="soft">{flowing ? words.levelOn : words.levelNothing}</span>
      <span>{words.levelYou}</span>
      <Wave path={you} kind="you" />
      <span class="soft">{open ? (heardByMeter ? words.levelOn : words.levelSilent) : words.levelOff}</span>
    </div>
  );
}

function Wave({ path, kind }: { path: { current: SVGPathElement | null }; kind: string }) {
  return (
    <svg class={"wave " + kind} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path ref={path} />
    </svg>
  );
}
