// The desk works without any of this: every link is a page, every change a form. These modules make it quick.
import htmx from "htmx.org";
import "./morph.js";
import "./composer.js";
import "./keys.js";
import "./list.js";
import "./live.js";
import "./menu.js";
import "./pick.js";
import "./preview.js";
import "./seen.js";
import "./settings.js";
import "./time.js";
import "./toast.js";

globalThis.htmx = htmx;
