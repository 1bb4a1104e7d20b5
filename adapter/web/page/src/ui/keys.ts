// Which keys are shortcuts: none that is typed into a field, none with a modifier.

export function isShortcut(event: KeyboardEvent): boolean {
  const { target } = event;
  const typed = target instanceof Element && target.matches("select, textarea, input:not([type=radio], [type=checkbox], [type=range])");
  return !typed && !event.ctrlKey && !event.metaKey && !event.altKey;
}
