// Where a frame in a CRM's page begins.

import { render } from "preact";
import { openingOf } from "../core/embed";
import { language, words } from "../words";
import { Embed } from "./embed";

const opening = openingOf(location.search, location.hash);
history.replaceState(null, "", location.pathname + location.search); // the secret is of no use any more, nor anybody's to read
document.documentElement.lang = language();
document.title = words.title;
const page = document.getElementById("page")!;
page.replaceChildren(); // what is said where scripts can't run
render(<Embed opening={opening} framed={parent !== window} />, page);
