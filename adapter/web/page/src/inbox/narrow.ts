// Where the panel comes over the list (list.css).

export const NARROW = matchMedia("(max-width: 1099px)");
