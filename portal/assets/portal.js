import { addControls } from "./controls.js";
import { addCopyButtons } from "./copy.js";
import { addSearch } from "./search.js";
import { addTabs } from "./tabs.js";

addControls();
addSearch();
addTabs(document);
addCopyButtons(document);
