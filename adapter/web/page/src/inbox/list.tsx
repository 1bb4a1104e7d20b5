// The list of calls: it keeps still under the hand, has the keyboard from the start, and tells what is new below.

import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import type { Reason } from "../core/needs";
import type { Row } from "../core/rows";
import type { Needs } from "../needs/useneeds";
import { useAnchored } from "../ui/anchored";
import { useClocks } from "../ui/clocks";
import { Icon } from "../ui/icons";
import { count, say, words } from "../words";
import { Keeper } from "./keeper";
import { useKeys } from "./keys";
import { rowId, RowView } from "./rows";
import { useSlices } from "./slices";

interface Props {
  /** All rows in the wanted order, and which of them are asked for; `asked` names that question. */
  rows: readonly Row[];
  wanted: (row: Row) => boolean;
  asked: string;
  /** Which calls need somebody, and why. */
  needs: Needs;
  isAlive: (callId: string) => boolean;
  /** At which PBX a row is, where there are several. */
  where: (row: Row) => string;
  /** The call that the panel shows. */
  chosen: string | null;
  choose: (callId: string) => void;
  /** `m` was pressed on this call, which is not the open one. It is called before the panel hears that key. */
  onMonitor: (callId: string) => void;
  /** The panel covers the list (on a narrow screen); leave it. */
  covered: () => boolean;
  leave: () => void;
  /** What is said when there is nothing to show. */
  empty: string;
  search: () => void;
  help: () => void;
  list: { current: HTMLUListElement | null };
  /** Whether I may monitor: only then that key is told of. */
  may: boolean;
}

export function List(props: Props) {
  const { rows, wanted, asked, isAlive, chosen, list } = props;
  const [, changed] = useReducer((times: number) => times + 1, 0);
  const [keeper] = useState(() => new Keeper(() => changed(undefined)));
  if (keeper.chosen !== chosen) keeper.opened(chosen);
  const shown = keeper.now(rows, wanted, isAlive, asked);
  const limit = useSlices(shown.items.length, asked);
  const marked = keeper.mark?.call ?? null;
  const target = keeper.target;

  useEffect(() => keeper.hand.watch(list.current!), [keeper, list]);
  useEffect(() => list.current?.focus({ preventScroll: true }), [list]);
  useLayoutEffect(() => keeper.hand.measure(), [keeper, shown.items.length > 0]); // eslint-disable-line react-hooks/exhaustive-deps -- a row to measure has come
  useLayoutEffect(() => {
    if (list.current) list.current.scrollTop = 0;
  }, [list, asked]);
  useLayoutEffect(() => {
    if (chosen !== null) reveal(keeper.shown.items[keeper.marked]?.row);
  }, [keeper, chosen]);
  useClocks(list, shown);
  useAnchored(list);

  const [end, setEnd] = useState("");
  useListKeys(props, keeper, setEnd);
  const fresh = shown.waiting.length + shown.unseen.size;
  const showNew = () => showThe(keeper);
  const click = (event: MouseEvent) => {
    const place = Array.prototype.indexOf.call(list.current!.children, (event.target as Element).closest("li"));
    const item = shown.items[place];
    if (!item || item.over) return;
    const end = (event.target as Element).closest<HTMLElement>("[data-call]")?.dataset["call"];
    const open = item.row.calls.find(({ id }) => id === chosen);
    props.choose(end ?? (open ?? item.row.calls[0]).id);
  };

  return (
    <>
      <ul
        ref={list}
        role="listbox"
        tabIndex={0}
        aria-label={words.activeCalls}
        aria-activedescendant={target ? rowId(shown.items[keeper.marked]!.row.key) : undefined}
        onClick={click}
        onFocus={() => keeper.focus(true)}
        onBlur={() => keeper.focus(false)}
      >
        {shown.items.slice(0, limit).map(({ row, over }) => (
          <RowView
            key={row.key}
            row={row}
            where={props.where(row)}
            need={strongest(row, props.needs)}
            over={over}
            chosen={row.calls.find(({ id }) => id === chosen)?.id ?? null}
            marked={row.calls.find(({ id }) => id === marked)?.id ?? null}
          />
        ))}
      </ul>
      {shown.items.length === 0 && (
        <p class="empty">
          <Icon of="inbox" />
          {props.empty}
        </p>
      )}
      <Foot fresh={fresh} showNew={showNew} help={props.help} end={end} may={props.may} />
    </>
  );
}

/** Why one of its calls needs somebody. */
function strongest({ calls }: Row, needs: Needs): Reason | null {
  return calls.flatMap(({ id }) => needs.get(id) ?? []).sort((a, b) => b.weight - a.weight)[0]?.reason ?? null;
}

/** The calls that waited get their places, and the first of them comes into view. */
function showThe(keeper: Keeper): void {
  const first = keeper.settle();
  if (first) requestAnimationFrame(() => document.getElementById(rowId(first))?.scrollIntoView({ block: "nearest" }));
}

function reveal(row: Row | undefined): void {
  if (row) document.getElementById(rowId(row.key))?.scrollIntoView({ block: "nearest" });
}

function useListKeys(props: Props, keeper: Keeper, setEnd: (name: string) => void): void {
  const go = (place: number) => {
    keeper.hand.uses();
    setEnd("");
    reveal(keeper.shown.items[place]?.row);
  };
  const open = () => {
    if (keeper.target === null) return;
    keeper.byKey = true;
    props.choose(keeper.target);
  };
  useKeys(props.list, props.covered, {
    move: (steps) => go(keeper.move(steps)),
    jump: (to) => go(keeper.jump(to)),
    turn: (to) => {
      const name = keeper.turn(to);
      if (name) setEnd(say(words.coachThisEnd, { name }));
    },
    page: () => Math.max(1, Math.min(keeper.hand.below - keeper.hand.first, 1000) - 1),
    open,
    monitor: (event) => {
      const { target, chosen } = keeper;
      if (target !== null && target !== chosen) props.onMonitor(target);
      if (target === null && !keeper.unmarked) event.stopPropagation(); // the marked call has ended: no other was meant
    },
    leave: () => (props.covered() ? props.leave() : void keeper.settle()),
    showNew: () => showThe(keeper),
    search: props.search,
    help: props.help,
  });
}

/** Milliseconds between two announcements, so that a busy centre doesn't talk all the time. */
const PAUSE = 5000;

interface FootProps {
  fresh: number;
  showNew: () => void;
  help: () => void;
  end: string;
  may: boolean;
}

function Foot({ fresh, showNew, help, end, may }: FootProps) {
  const text = fresh ? count(fresh, words.oneNewCall, words.manyNewCalls) : "";
  const told = useSlowly(text);
  return (
    <footer class="foot">
      {fresh > 0 && (
        <button type="button" class="new" onClick={showNew} title={words.showNewCalls}>
          {text}
        </button>
      )}
      <span class="hidden" role="status">
        {end || told}
      </span>
      <span class="grow" />
      <span class="hints" aria-hidden="true">
        <kbd>↑</kbd> <kbd>↓</kbd> {words.keyChoose}{" "}
        {may && (
          <>
            <kbd>m</kbd> {words.keyMonitor}
          </>
        )}
      </span>
      <button type="button" class="plain" aria-label={words.keyboard} aria-keyshortcuts="?" onClick={help}>
        <kbd>?</kbd> {words.keyAll}
      </button>
    </footer>
  );
}

/** The text, changed no more often than every few seconds. */
function useSlowly(text: string): string {
  const [told, setTold] = useState(text);
  const last = useRef(-Infinity);
  useEffect(() => {
    const timer = setTimeout(() => {
      last.current = performance.now();
      setTold(text);
    }, Math.max(0, last.current + PAUSE - performance.now()));
    return () => clearTimeout(timer);
  }, [text]);
  return told;
}
