// What everybody is told at once: the connection's troubles, and who talks to me while I am on a call.

import { awayOf, type Picture } from "./core/picture";
import { Icon } from "./ui/icons";
import { say, words } from "./words";

interface Props {
  picture: Picture | null;
  /** What ended without anybody's hanging up; it stays until it is dismissed. */
  lost: string;
  dismiss: () => void;
}

export function Notices({ picture, lost, dismiss }: Props) {
  const trouble = picture ? troubleOf(picture) : null;
  return (
    <>
      <div role="status" class="told">
        {trouble && (
          <p class="toned warning">
            <Icon of="warning" />
            {trouble}
          </p>
        )}
      </div>
      <div role="alert" aria-live="assertive" class="told">
        {[...(picture?.coaches.values() ?? [])].map((coach) => (
          <p class={`toned ${coach.mode}`} key={coach.monitor_id}>
            <Icon of={coach.mode} />
            {say(coach.mode === "barge" ? words.coachBarge : words.coachWhisper, { name: coach.supervisor.name })}
          </p>
        ))}
        {lost && (
          <p class="toned warning">
            <Icon of="warning" />
            {lost}
            <button type="button" onClick={dismiss}>
              {words.close}
            </button>
          </p>
        )}
      </div>
    </>
  );
}

/** The one trouble that explains the others. */
function troubleOf(picture: Picture): string | null {
  const { connected, pbxs, record } = picture;
  if (!connected) return words.lostStream;
  const away = awayOf(picture).map(({ name }) => name);
  if (away.length > 0) return pbxs.size === 1 ? words.pbxDown : say(words.pbxAway, { names: away.join(", ") });
  return record?.state === "failing" ? words.recordFails : null;
}
