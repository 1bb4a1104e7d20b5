// The words of a frame in a CRM's page, and of links that open a call.

export const embed = {
  embedLoading: "Loading the call…",
  embedAsks: "{name} asks for help.",
  embedOpenPage: "Browser tab with call coaching",
  embed_not_framed: "This page works inside your CRM only. Open the call there.",
  embed_no_link: "This is no link to a call. Open the call in the CRM again.",
  embed_link_used: "This link was used already. Open the call in the CRM again.",
  embed_link_expired: "This link has expired. Open the call in the CRM again.",
  embed_not_authenticated: "This frame's session has ended. Open the call in the CRM again.",
  embed_forbidden: "This link is not for this page, or you may not monitor calls any more.",
  embed_unreachable: "The server can't be reached. Open the call in the CRM again.",
  poppedNone: "No active call matches {what}.",
  poppedSome: "{count} calls match {what}.",
  poppedWrong: "This link names no call: it needs a number, a linkedid, a uniqueid or a call_id.",
  poppedAway: "The call of this link can't be looked up now: {why}",
  poppedAll: "Show all calls",
};

export type EmbedWords = typeof embed;
