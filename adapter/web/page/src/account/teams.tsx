// Account → Teams: who looks after whose calls, and after which queues'.

import { useCallback, useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { foundTeam } from "../core/teams";
import type { Team, User } from "../schema";
import { Confirm } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { say, words } from "../words";
import { go, PageHead, type PageProps } from "./parts";
import { Cell, Head, Row, Table } from "./table";
import { TeamEditor } from "./team";

/** How many names are shown; of more there is the count. */
const SHOWN = 6;

export function Teams(props: PageProps) {
  const { rest, tell, fail } = props;
  const [id] = rest;
  const [teams, setTeams] = useState<Team[] | null>(null);
  const [users, setUsers] = useState<User[]>([]);
  const [search, setSearch] = useState("");
  const [asked, setAsked] = useState<Team | null>(null);
  const load = useCallback(
    () =>
      attempt(async () => {
        const [found, people] = await Promise.all([ask("GET", "/teams"), ask("GET", "/users")]);
        setUsers(people.users);
        setTeams(found.teams);
      }, fail),
    [fail],
  );
  useEffect(() => {
    if (!id) void load();
  }, [load, id]);

  const remove = async ({ id, name }: Team) => {
    if (await attempt(() => ask("DELETE", "/teams/{id}", { at: { id } }), fail)) tell(say(words.teamRemoved, { name }));
    await load();
  };
  if (id) return <TeamEditor key={id} {...props} id={id === "new" ? null : id} />;
  const names = new Map(users.map((user) => [user.id, user.name]));
  const shown = (teams ?? []).filter((team) => foundTeam(team, names, search));
  return (
    <section>
      <PageHead title={words.teams} about={words.teamsAre}>
        <button type="button" class="main" onClick={() => go("teams/new")}>
          <Icon of="add" /> {words.addTeam}
        </button>
      </PageHead>
      {teams !== null && teams.length > 0 && (
        <div class="search">
          <Icon of="search" />
          <input
            type="search" aria-label={words.searchTeams} placeholder={words.searchTeamsHint} value={search} autocomplete="off"
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </div>
      )}
      {shown.length > 0 && (
        <Table label={words.teams} kind="teams" head={[words.name, words.supervisors, words.members, words.queues, words.actions]}>
          {shown.map((team) => (
            <One team={team} names={names} remove={() => setAsked(team)} key={team.id} />
          ))}
        </Table>
      )}
      {teams === null && <p class="empty">{words.loading}</p>}
      {teams?.length === 0 && <p class="empty">{words.noTeams}</p>}
      {teams !== null && teams.length > 0 && shown.length === 0 && <p class="empty">{words.noTeamMatches}</p>}
      {asked && (
        <Confirm
          title={say(words.askRemoveTeam, { name: asked.name })} text={words.removeTeamMeans} yes={words.yesRemove} no={words.cancel}
          act={() => void remove(asked)} close={() => setAsked(null)}
        />
      )}
    </section>
  );
}

function One({ team, names, remove }: { team: Team; names: ReadonlyMap<string, string>; remove: () => void }) {
  const address = `teams/${team.id}`;
  return (
    <Row>
      <Head>
        <a href={`#/account/${address}`}>{team.name}</a>
      </Head>
      <Cell of={words.supervisors}>{some(team.supervisors.map((id) => names.get(id) ?? "?"))}</Cell>
      <Cell of={words.members}>{some(team.members.map((id) => names.get(id) ?? "?"))}</Cell>
      <Cell of={words.queues}>{some(team.queues)}</Cell>
      <Cell kind="acts">
        <button type="button" class="plain" onClick={() => go(address)}>
          <Icon of="edit" /> {words.edit}
        </button>
        <button type="button" class="plain" onClick={remove}>
          <Icon of="remove" /> {words.remove}
        </button>
      </Cell>
    </Row>
  );
}

/** The first of them by the alphabet, and how many more there are. */
function some(names: readonly string[]): string {
  if (names.length === 0) return words.nobodyThere;
  const sorted = [...names].sort((one, other) => one.localeCompare(other));
  const more = sorted.length - SHOWN;
  const first = sorted.slice(0, more > 0 ? SHOWN : undefined).join(", ");
  return more > 0 ? say(words.andMore, { names: first, count: String(more) }) : first;
}
