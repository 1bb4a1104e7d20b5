// Account → Users: who is there, found by what one knows of them, and what they may do.

import { useCallback, useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import { found } from "../core/account";
import type { User } from "../schema";
import { Icon } from "../ui/icons";
import { say, words } from "../words";
import { Chip, go, PageHead, type PageProps } from "./parts";
import { whereOf } from "./pbx";
import { Cell, Head, Row, Table } from "./table";
import { UserEditor } from "./user";

export function Users(props: PageProps) {
  const { rest, fail, pbxs } = props;
  const [id] = rest;
  const [users, setUsers] = useState<User[] | null>(null);
  const [search, setSearch] = useState("");
  const load = useCallback(() => attempt(async () => setUsers((await ask("GET", "/users")).users), fail), [fail]);
  useEffect(() => {
    if (!id) void load();
  }, [load, id]);

  if (id) return <UserEditor key={id} {...props} id={id === "new" ? null : id} />;
  const shown = (users ?? []).filter((user) => found(user, search));
  return (
    <section>
      <PageHead title={words.users} about={users && say(search.trim() ? words.usersShown : words.usersAll, { count: String(shown.length), all: String(users.length) })}>
        <button type="button" class="main" onClick={() => go("users/new")}>
          <Icon of="add" /> {words.addUser}
        </button>
      </PageHead>
      <div class="search">
        <Icon of="search" />
        <input
          type="search" aria-label={words.searchUsers} placeholder={words.searchUsersHint} value={search} autocomplete="off"
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      </div>
      <Table label={words.users} kind="users" head={[words.name, words.role, words.extension, words.devices, words.editUser]}>
        {shown.map((user) => (
          <Person user={user} pbx={whereOf(user, pbxs)} key={user.id} />
        ))}
      </Table>
      {users === null && <p class="empty">{words.loading}</p>}
      {users !== null && shown.length === 0 && <p class="empty">{words.noUserMatches}</p>}
    </section>
  );
}

function Person({ user, pbx }: { user: User; pbx: string }) {
  const address = `users/${user.id}`;
  return (
    <Row {...(!user.active && { kind: "off" })}>
      <Head>
        <a href={`#/account/${address}`}>{user.name}</a>
        <small>{user.username}</small>
      </Head>
      <Cell kind="chips">
        <Rights user={user} />
      </Cell>
      <Cell kind="figures" {...(user.extension && { of: words.extension })}>
        {user.extension}
      </Cell>
      <Cell kind="figures devices">
        {user.devices.join(", ")} {pbx && <Chip icon="pbx">{pbx}</Chip>}
      </Cell>
      <Cell kind="edit">
        <button type="button" class="plain icon-only" aria-label={words.editUser} title={words.editUser} onClick={() => go(address)}>
          <Icon of="edit" />
        </button>
      </Cell>
    </Row>
  );
}

/** Role and rights; administrators have all. */
function Rights({ user }: { user: User }) {
  const some = user.modes.length < 3 ? `: ${user.modes.map((mode) => words[mode]).join(", ")}` : "";
  return (
    <>
      <Chip kind={user.role === "administrator" ? "boss" : ""} icon={user.role === "administrator" ? "administrator" : "account"}>
        {words[user.role]}
      </Chip>
      {user.role === "agent" && user.can_monitor && (
        <Chip icon="ear">
          {user.scope === "teams" ? words.mayMonitorTeams : words.mayMonitor}
          {some}
        </Chip>
      )}
      {!user.active && (
        <Chip icon="deactivate" kind="warning toned">
          {words.inactive}
        </Chip>
      )}
    </>
  );
}
