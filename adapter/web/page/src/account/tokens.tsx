// Account → API tokens: which programs may ask, for whom, and what.

import { useCallback, useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask";
import { attempt } from "../api/problems";
import type { NewToken, Token } from "../schema";
import { Confirm } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { when } from "../ui/when";
import { useLeaving } from "../ui/unsaved";
import { say, words } from "../words";
import { Chip, go, Once, PageHead, type PageProps } from "./parts";
import { Cell, Head, Row, Table } from "./table";
import { TokenForm } from "./token";

const LIST = "tokens";

export function Tokens({ rest, tell, fail }: PageProps) {
  const making = rest[0] === "new";
  const [tokens, setTokens] = useState<Token[] | null>(null);
  const [secret, setSecret] = useState("");
  const [asked, setAsked] = useState<Token | null>(null);
  const leaving = useLeaving(secret !== "", words.secretUnsaved, words.secretUnsavedMeans);
  const load = useCallback(() => attempt(async () => setTokens((await ask("GET", "/tokens")).tokens), fail), [fail]);
  useEffect(() => {
    if (making) setSecret(""); // it was shown
    else void load();
  }, [load, making]);

  const made = (token: NewToken) => {
    setSecret(token.token);
    tell(say(words.created, { name: token.name }), LIST);
    go(LIST, { replace: true });
  };
  const revoke = async (token: Token) => {
    const gone = await attempt(() => ask("DELETE", "/tokens/{id}", { at: { id: token.id } }), fail);
    if (gone) tell(say(words.revoked, { name: token.name }));
    await load();
  };
  if (making) return <TokenForm done={made} fail={fail} />;
  const docs = (
    <>
      {words.tokensAre} <a href="/api/docs">{words.apiDocs}</a>
    </>
  );
  return (
    <section>
      <PageHead title={words.tokens} about={docs}>
        <button type="button" class="main" onClick={() => go("tokens/new")}>
          <Icon of="add" /> {words.addToken}
        </button>
      </PageHead>
      {secret && <Once label={words.itsToken} secret={secret} done={() => setSecret("")} />}
      {tokens !== null && tokens.length > 0 && (
        <Table
          label={words.tokens} kind="tokens"
          head={[words.name, words.for_, words.scopes, words.lastUsed, words.expires, words.actions]}
        >
          {tokens.map((token) => (
            <One token={token} key={token.id} revoke={() => setAsked(token)} />
          ))}
        </Table>
      )}
      {tokens === null && <p class="empty">{words.loading}</p>}
      {tokens?.length === 0 && <p class="empty">{words.noTokens}</p>}
      {asked && (
        <Confirm
          title={say(words.askRevoke, { name: asked.name })} text={words.revokeMeans} yes={words.yesRevoke} no={words.cancel}
          act={() => void revoke(asked)} close={() => setAsked(null)}
        />
      )}
      {leaving.question}
    </section>
  );
}

function One({ token, revoke }: { token: Token; revoke: () => void }) {
  return (
    <Row>
      <Head>{token.name}</Head>
      <Cell>{token.user ?? say(words.serviceFor, { names: (token.may_act_for ?? []).join(", ") || "-" })}</Cell>
      <Cell kind="chips">
        {token.scopes.map((scope) => (
          <Chip key={scope}>{scope}</Chip>
        ))}
      </Cell>
      <Cell kind="figures" of={words.lastUsed}>
        {when(token.last_used_at) || words.never}
      </Cell>
      <Cell kind="figures" of={words.expires}>
        {when(token.expires_at) || words.never}
      </Cell>
      <Cell kind="acts">
        <button type="button" class="plain" onClick={revoke}>
          <Icon of="remove" /> {words.revoke}
        </button>
      </Cell>
    </Row>
  );
}
