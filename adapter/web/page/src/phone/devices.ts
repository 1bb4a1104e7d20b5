// What one listens with: this browser, or the desk phone. Remembered by this machine's browser.

export const BROWSER = "browser";
const CHOSEN = "device";

/** The device that was chosen last on this machine. */
export function chosenDevice(desk: boolean): string {
  return localStorage.getItem(CHOSEN) ?? (desk ? "desk" : BROWSER);
}

export function rememberDevice(device: string): void {
  localStorage.setItem(CHOSEN, device);
}
