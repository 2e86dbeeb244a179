import { focusErrors, once, conditions, live } from "./forms.js";
import { uploads } from "./upload.js";
import { previews } from "./preview.js";
import { rows } from "./rows.js";
import { copies } from "./copy.js";

function start(root) {
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
