// Where the page begins.

import { render } from "preact";
import { App } from "./app";
import { language, words } from "./words";

document.documentElement.lang = language();
document.title = words.title;
render(<App />, document.getElementById("page")!);
