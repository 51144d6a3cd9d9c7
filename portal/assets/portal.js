import { addAnswers } from "./answers.js";
import { addAccountChip } from "./chip.js";
import { addChoices } from "./choice.js";
import { addControls } from "./controls.js";
import { addCopyButtons, addPageCopy } from "./copy.js";
import { openTarget } from "./folds.js";
import { followServer } from "./origin.js";
import { addSearch } from "./search.js";

addControls();
addSearch();
addAnswers();
addChoices(document);
addCopyButtons(document);
addPageCopy();
openTarget();
followServer(document.body);
addAccountChip();
