// Account → Cluster: which adapters there are, and who looks after which phone system. Read anew every few seconds.

import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { namesOwned, needsProcess, ownerOf, quietFor } from "../core/cluster";
import type { Cluster as Known, ClusterMember, ClusterPbx } from "../schema";
import type { IconName } from "../ui/icons";
import { when } from "../ui/when";
import { say, words } from "../words";
import { Chip, PageHead, type PageProps } from "./parts";
import { Cell, Head, Row, Table } from "./table";

const EVERY = 3000; // milliseconds between looks
const ICONS: Record<ClusterPbx["state"], IconName> = { connected: "done", connecting: "pending", down: "warning" };

export function Cluster({ fail }: PageProps) {
  const [known, setKnown] = useState<Known | null>(null);
  useEffect(() => {
    let over = false;
    let next = 0;
    const look = async () => {
      const done = await attempt(async () => setKnown(await ask("GET", "/cluster")), (text) => void (over || fail(text)));
      if (over) return;
      if (done) fail(""); // what was wrong before is no more
      next = window.setTimeout(() => void look(), EVERY);
    };
    void look();
    return () => {
      over = true;
      window.clearTimeout(next);
    };
  }, [fail]);
  const alone = known !== null && known.members.length < 2;
  return (
    <section aria-label={words.cluster} tabIndex={0 /* nothing in it takes the focus, and it must scroll by keyboard */}>
      <PageHead title={words.cluster} about={alone ? words.clusterAlone : words.clusterIs} />
      {known === null && <p class="empty">{words.loading}</p>}
      {known && (
        <>
          <h3>{words.phoneSystems}</h3>
          <Table
            label={words.phoneSystems} kind="cluster"
            head={[words.phoneSystem, words.pbxState, words.stateSince, words.lookedAfterBy]}
          >
            {known.pbxs.map((pbx) => (
              <Pbx pbx={pbx} members={known.members} key={pbx.id} />
            ))}
          </Table>
          <h3>{words.adapters}</h3>
          <Table
            label={words.adapters} kind="cluster"
            head={[words.adapter, words.looksAfter, words.startedAt, words.lastSeen]}
          >
            {known.members.map((member) => (
              <Member member={member} known={known} key={member.id} />
            ))}
          </Table>
        </>
      )}
    </section>
  );
}

function Pbx({ pbx, members }: { pbx: ClusterPbx; members: ClusterMember[] }) {
  const owner = ownerOf(pbx, members);
  return (
    <Row>
      <Head>
        {pbx.name}
        {pbx.name !== pbx.id && <small class="soft">{pbx.id}</small>}
      </Head>
      <Cell kind="chips">
        <Chip icon={ICONS[pbx.state]} kind={pbx.state === "down" ? "bad" : ""}>
          {words[`pbxState_${pbx.state}`]}
        </Chip>
      </Cell>
      <Cell kind="figures" of={words.stateSince}>
        {when(pbx.since)}
      </Cell>
      <Cell of={words.lookedAfterBy}>
        {owner ? called(owner, members) : <Chip icon="warning" kind="bad">{words.lookedAfterByNone}</Chip>}
      </Cell>
    </Row>
  );
}

function Member({ member, known }: { member: ClusterMember; known: Known }) {
  const names = namesOwned(member, known.pbxs);
  const quiet = quietFor(member, known.members);
  return (
    <Row>
      <Head>
        {called(member, known.members)}
        <small class="soft">{say(words.adapterVersion, { version: member.version })}</small>
      </Head>
      <Cell kind="chips" of={words.looksAfter}>
        {names.length === 0 && <span class="soft">{words.looksAfterNone}</span>}
        {names.map((name) => (
          <Chip key={name}>{name}</Chip>
        ))}
      </Cell>
      <Cell kind="figures" of={words.startedAt}>
        {when(member.started_at)}
      </Cell>
      <Cell kind="figures" of={words.lastSeen}>
        {quiet > 0 ? <Chip icon="warning" kind="bad">{say(words.notSeen, { seconds: String(quiet) })}</Chip> : when(member.seen_at)}
      </Cell>
    </Row>
  );
}

/** Its machine; with its process, where that is not enough. */
function called(member: ClusterMember, all: readonly ClusterMember[]): string {
  return needsProcess(member, all) ? `${member.host} (${say(words.adapterProcess, { pid: String(member.pid) })})` : member.host;
}
