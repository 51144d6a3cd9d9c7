import { addAccountChip } from "./chip.js";
import { addControls } from "./controls.js";
import { addCopyButtons } from "./copy.js";
import { followServer } from "./origin.js";
import { addSearch } from "./search.js";
import { addTabs } from "./tabs.js";

addControls();
addSearch();
addTabs(document);
addCopyButtons(document);
followServer(document.body);
addAccountChip();
