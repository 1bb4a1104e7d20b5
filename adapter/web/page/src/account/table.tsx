// A table that becomes a list of cards where it is too narrow. The roles are written down, because a table that is laid
// out otherwise is none to a screen reader.

import type { ComponentChildren } from "preact";

interface Props {
  label: string;
  head: string[];
  /** How its columns are laid out, a class of account.css. */
  kind: string;
  /** Rows in groups of their own. */
  groups?: boolean;
  children: ComponentChildren;
}

export function Table({ label, head, kind, groups = false, children }: Props) {
  return (
    <table role="table" aria-label={label} class={`stacks ${kind}`}>
      <thead role="rowgroup">
        <tr role="row">
          {head.map((title) => (
            <th role="columnheader" scope="col" key={title}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      {groups ? children : <tbody role="rowgroup">{children}</tbody>}
    </table>
  );
}

export function Row({ kind, children }: { kind?: string; children: ComponentChildren }) {
  return (
    <tr role="row" class={kind}>
      {children}
    </tr>
  );
}

/** What the row is about. */
export function Head({ children }: { children: ComponentChildren }) {
  return (
    <th role="rowheader" scope="row">
      {children}
    </th>
  );
}

/** `of`: what it is, to be said where the columns' titles are not seen. */
export function Cell({ kind, of, children }: { kind?: string; of?: string; children?: ComponentChildren }) {
  return (
    <td role="cell" class={kind}>
      {of && <span class="of">{of} </span>}
      {children}
    </td>
  );
}
