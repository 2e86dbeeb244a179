import { once } from "./forms.js";

const states = {
  409: "Pas encore enregistré : quelqu’un d’autre a enregistré ce brouillon. Le bouton Enregistrer montre ce qui a changé.",
  422: "Pas encore enregistré : quelque chose est à corriger. Le bouton Enregistrer dit quoi.",
};

// typed tells whether somebody is at work in a part of the page.
const typed = (part) => part.contains(document.activeElement) || [...part.querySelectorAll("input:not([type=hidden])")].some((e) => e.value !== e.defaultValue);

// autosave keeps what is typed into a draft without a click: some seconds after the last change, and
// before any other button or link of the page takes the person away. The server judges as it always does.
export function autosave(root) {
  const form = root.querySelector("form[data-autosave]");
  if (!form) return;
  let wait, running, dirty = false;
  const say = (text) => {
    const line = root.querySelector(".editor-bar .hint");
    if (line && line.textContent !== text) line.textContent = text;
  };
  const send = async () => {
    dirty = false;
    say("Enregistrement…");
    const body = new URLSearchParams(new FormData(form));
    body.set("action", "enregistrer");
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const edit = page.querySelector("[name=edition]");
      if (!answer.ok || !edit) {
        dirty = true;
        return say(states[answer.status] || "Pas encore enregistré : le site ne répond pas comme prévu. Ce que vous avez écrit reste ici.");
      }
      for (const part of root.querySelectorAll("[data-saved]")) {
        const now = page.querySelector(`[data-saved="${part.dataset.saved}"]`);
        if (!now || typed(part)) continue;
        part.replaceChildren(...now.childNodes);
        once(part);
      }
      for (const e of root.querySelectorAll("[name=edition]")) e.value = edit.value;
    } catch {
      dirty = true;
      say("Pas encore enregistré : pas de réseau. Ce que vous avez écrit reste ici.");
    }
  };
  const save = async () => {
    clearTimeout(wait);
    await running;
    if (dirty) await (running = send());
    running = null;
    return !dirty;
  };
  form.addEventListener("input", () => {
    dirty = true;
    clearTimeout(wait);
    wait = setTimeout(save, 3000);
  });
  form.addEventListener("change", () => {
    clearTimeout(wait);
    wait = setTimeout(save, 800);
  });
  // Its own button sends what is typed; any other one waits until that is kept.
  root.addEventListener("submit", (e) => {
    if (e.target === form && !running) return clearTimeout(wait);
    if (!dirty && !running) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    const { target, submitter } = e;
    save().then((kept) => (kept || target === form) && target.isConnected && ((dirty = false), target.requestSubmit(submitter)));
  }, true);
  root.addEventListener("click", (e) => {
    const link = e.target.closest?.("a[href]");
    if (!link || link.target || e.ctrlKey || e.metaKey || e.shiftKey || (!dirty && !running)) return;
    e.preventDefault();
    save().then((kept) => kept && (location.href = link.href));
  }, true);
  addEventListener("beforeunload", (e) => dirty && !form.dataset.sent && e.preventDefault());
  form.addEventListener("submit", () => (form.dataset.sent = "1"));
}
