// Deutsch: die Wörter eines Rahmens in der Seite eines CRM, und von Links, die ein Gespräch öffnen.

import type { EmbedWords } from "./en.embed";

export const embed: EmbedWords = {
  embedLoading: "Das Gespräch wird geladen…",
  embedAsks: "{name} bittet um Hilfe.",
  embedOpenPage: "Browser-Tab mit Gesprächs-Coaching",
  embed_not_framed: "Diese Seite funktioniert nur in Ihrem CRM. Öffnen Sie das Gespräch dort.",
  embed_no_link: "Das ist kein Link zu einem Gespräch. Öffnen Sie das Gespräch im CRM erneut.",
  embed_link_used: "Dieser Link wurde schon benutzt. Öffnen Sie das Gespräch im CRM erneut.",
  embed_link_expired: "Dieser Link ist abgelaufen. Öffnen Sie das Gespräch im CRM erneut.",
  embed_not_authenticated: "Die Sitzung dieses Rahmens ist beendet. Öffnen Sie das Gespräch im CRM erneut.",
  embed_forbidden: "Dieser Link ist nicht für diese Seite, oder Sie dürfen nicht mehr mithören.",
  embed_unreachable: "Der Server ist nicht erreichbar. Öffnen Sie das Gespräch im CRM erneut.",
  poppedNone: "Kein laufendes Gespräch passt zu {what}.",
  poppedSome: "{count} Gespräche passen zu {what}.",
  poppedWrong: "Dieser Link nennt kein Gespräch: Er braucht number, linkedid, uniqueid oder call_id.",
  poppedAway: "Das Gespräch dieses Links ist jetzt nicht zu finden: {why}",
  poppedAll: "Alle Gespräche zeigen",
};
