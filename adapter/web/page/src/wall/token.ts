// The token of this screen: entered once and kept by the browser, or brought by the address, behind its #, which no browser
// sends to any server, and from where it is taken away at once.

const KEY = "wall-token";
const ADDRESS = /^#\/wall\/([\w-]+)$/;

export function tokenOf(): string {
  const [, brought] = ADDRESS.exec(location.hash) ?? [];
  if (brought) {
    keep(brought);
    history.replaceState(null, "", "#/wall");
  }
  return localStorage.getItem(KEY) ?? "";
}

export function keep(token: string): void {
  if (token) localStorage.setItem(KEY, token);
  else localStorage.removeItem(KEY);
}
