// What this browser keeps. In a frame of another site's page it may refuse that altogether; then there is nothing kept.

export function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
