import { focusErrors, once, conditions, live } from "./forms.js";
import { uploads } from "./upload.js";
import { previews } from "./preview.js";
import { rows } from "./rows.js";
import { copies } from "./copy.js";
import { autosave } from "./autosave.js";

function start(root) {
  autosave(root); // before once: a form that waits is not sent yet
  conditions(root);
  live(root);
  once(root);
  rows(root);
  copies(root);
  previews(root);
  uploads(root, start);
  focusErrors(root);
}
start(document);
