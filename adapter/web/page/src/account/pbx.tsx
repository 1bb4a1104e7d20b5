// At which PBX somebody's phone is: asked for and shown only where there are several.

import type { User } from "../schema";
import { Field } from "../ui/field";
import { words } from "../words";
import type { PageProps } from "./parts";

interface Props {
  value: string;
  pbxs: PageProps["pbxs"];
  error: string | undefined;
  change: (pbx: string) => void;
}

export function PbxField({ value, pbxs, error, change }: Props) {
  if (pbxs.size < 2) return null;
  return (
    <Field label={words.pbxOf} hint={words.pbxHint} error={error}>
      {(tied) => (
        <select name="pbx" value={value} onChange={(event) => change(event.currentTarget.value)} {...tied}>
          <option value="">{words.pbxAny}</option>
          {[...pbxs.values()].map(({ id, name }) => (
            <option value={id} key={id}>
              {name}
            </option>
          ))}
          {value && !pbxs.has(value) && <option value={value}>{value}</option>}
        </select>
      )}
    </Field>
  );
}

/** The PBX of this person's phone, by name; empty where there is only one, or none is known. */
export function whereOf({ pbx }: User, pbxs: PageProps["pbxs"]): string {
  return pbx && pbxs.size > 1 ? (pbxs.get(pbx)?.name ?? pbx) : "";
}
