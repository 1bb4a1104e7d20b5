// The agents as a dense grid: it keeps still under the hand; arrows walk over it, Enter opens the call.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { AgentRow } from "../core/floor";
import type { Still } from "../core/still";
import { useSlices } from "../inbox/slices";
import { useClocks } from "../ui/clocks";
import { isShortcut } from "../ui/keys";
import { useSame } from "../ui/same";
import { words } from "../words";
import { isSame, Tile, tileId, type TileProps } from "./tile";

interface Props {
  still: Still<AgentRow>;
  /** What is asked for: another question is answered from its top. */
  asked: string;
  mark: string | null;
  setMark: (id: string | null) => void;
  setFocused: (is: boolean) => void;
  open: (row: AgentRow) => void;
  whereOf: (pbx: string) => string;
  grid: { current: HTMLDivElement | null };
}

const HEADS = ["agent", "extension", "since", "state", "call"] as const;

export function Agents({ still, asked, mark, setMark, setFocused, open, whereOf, grid }: Props) {
  const { places } = still;
  const limit = useSlices(places.length, asked);
  useClocks(grid, still);
  useEffect(() => grid.current?.focus({ preventScroll: true }), [grid]);
  const marked = places.findIndex(({ key, over }) => key === mark && !over);
  const moved = useRef(false);
  useLayoutEffect(() => {
    if (moved.current && mark !== null) document.getElementById(tileId(mark))?.scrollIntoView({ block: "nearest" });
    moved.current = false;
  }, [mark]);

  const tiles = useSame((key, props: TileProps) => <Tile key={key} {...props} />, isSame);
  const keys = (event: KeyboardEvent) => {
    if (event.defaultPrevented || !isShortcut(event)) return;
    const next = target(event.key, marked, grid.current!, places.map(({ over }) => over));
    if (next !== undefined) {
      moved.current = true;
      if (places[next]) setMark(places[next].key);
    } else if ((event.key === "Enter" || event.key === " ") && places[marked]) open(places[marked].thing);
    else if (event.key === "Escape" && mark !== null) setMark(null);
    else return;
    event.preventDefault();
  };
  const click = (event: MouseEvent) => {
    const id = (event.target as Element).closest<HTMLElement>("[data-id]")?.dataset["id"];
    const place = places.find(({ key, over }) => key === id && !over);
    if (!place) return;
    setMark(place.key);
    open(place.thing);
  };
  return (
    <div
      ref={grid} role="grid" class="agents" tabIndex={0} aria-label={words.agents} aria-readonly="true" aria-rowcount={places.length + 1}
      aria-activedescendant={marked >= 0 ? tileId(places[marked]!.key) : undefined}
      onKeyDown={keys} onClick={click} onFocus={() => setFocused(true)} onBlur={() => setFocused(false)}
    >
      <div role="row" class="hidden">
        {HEADS.map((name) => (
          <span role="columnheader" key={name}>
            {words[`head_${name}`]}
          </span>
        ))}
      </div>
      {places.slice(0, limit).map(({ key, thing, over }) => tiles(key, { row: thing, over, marked: key === mark, where: whereOf(thing.agent.pbx) }))}
    </div>
  );
}

/** Where a key leads, over agents who are there. Undefined: it is no key for that. */
function target(key: string, from: number, grid: HTMLElement, over: readonly boolean[]): number | undefined {
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const steps: Record<string, number> = {
    ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, PageDown: 5 * columns, PageUp: -5 * columns,
  };
  const there = (start: number, step: number): number => {
    let place = start;
    while (over[place]) place += step;
    return place >= 0 && place < over.length ? place : from;
  };
  if (key === "Home") return there(0, 1);
  if (key === "End") return there(over.length - 1, -1);
  const step = steps[key];
  if (step === undefined) return undefined;
  if (from < 0) return there(0, 1);
  const last = over.length - 1;
  const wanted = from + step;
  if (Math.abs(step) === columns && (wanted < 0 || wanted > last)) return from;
  return there(Math.min(last, Math.max(0, wanted)), Math.sign(step));
}
