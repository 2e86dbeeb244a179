import { focusErrors, drafts, once, conditions, live } from "./forms.js";
import { uploads } from "./upload.js";

function start(root) {
  drafts(root);
  conditions(root);
  live(root);
  once(root);
  uploads(root, start);
  focusErrors(root);
}
start(document);
// The worker is for those who stay: the first page of a visit does not pay for it.
if (navigator.serviceWorker && document.referrer.startsWith(location.origin)) addEventListener("load", () => navigator.serviceWorker.register("/sw.js").catch(() => {}));
