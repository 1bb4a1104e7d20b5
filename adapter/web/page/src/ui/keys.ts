// Which keys are shortcuts: none that is typed into a field, none with a modifier.

export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return target.matches("select, textarea, input:not([type=radio], [type=checkbox], [type=range])") || event.ctrlKey || event.metaKey || event.altKey;
}
