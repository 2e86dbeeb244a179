// What every form gains where scripts run. Nothing here is needed to file a request.

// focusErrors takes a keyboard or screen-reader user to what must be corrected.
export function focusErrors(root) {
  root.querySelector(".error-summary")?.focus();
}

const fields = (form) => [...form.elements].filter((e) => e.name && !e.name.startsWith("_") && !/^(hidden|file|password|submit|button)$/.test(e.type));

// drafts keep what is typed in this tab, so that a lost session or a closed page
// costs nothing; they end with the tab, since computers are shared.
export function drafts(root) {
  for (const form of root.querySelectorAll("form[data-draft]")) {
    const key = "draft:" + location.pathname + ":" + form.dataset.draft;
    const read = () => fields(form).map((e) => [e.name, e.value, /^(radio|checkbox)$/.test(e.type) ? e.checked : null]);
    try {
      const kept = JSON.parse(sessionStorage.getItem(key) || "[]");
      const fresh = !root.querySelector(".error-summary") && fields(form).every((e) => e.defaultChecked !== true && (!e.defaultValue || /^(radio|checkbox)$/.test(e.type)));
      if (fresh) {
        for (const [name, value, checked] of kept) {
          for (const e of fields(form)) {
            if (e.name !== name) continue;
            if (checked === null) e.value ||= value;
            else if (e.value === value) e.checked = checked;
          }
        }
      }
      let timer;
      form.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(() => sessionStorage.setItem(key, JSON.stringify(read())), 400);
      });
      form.addEventListener("submit", () => {
        clearTimeout(timer);
        sessionStorage.removeItem(key);
      });
    } catch {
      // Storage is full or forbidden: the server keeps its own draft.
    }
  }
}

// once stops a second click from sending a form twice.
export function once(root) {
  for (const form of root.querySelectorAll("form[method=post]")) {
    let sent = false;
    form.addEventListener("submit", (e) => {
      if (sent) e.preventDefault();
      sent = true;
      setTimeout(() => (sent = false), 4000);
    });
  }
}

const values = (form, id) => {
  const on = (n) => [...form.elements].filter((e) => e.name === n && !e.disabled && (!/^(radio|checkbox)$/.test(e.type) || e.checked)).map((e) => e.value.trim());
  const day = on(id + "-day")[0];
  if (day) return [`${on(id + "-year")[0]}-${on(id + "-month")[0].padStart(2, "0")}-${day.padStart(2, "0")}`];
  return [...on(id), ...["street", "postal-code", "town"].flatMap((p) => on(id + "-" + p))].filter((v) => v);
};
const number = (v) => (/^\d{4}-\d\d-\d\d$/.test(v) ? v : Number(String(v).replace(/[\s\u00a0\u202f]/g, "").replace(",", ".")));

// counted gives the days from a date to another, or the whole years of an age; nothing where one is missing.
const counted = (c, form) => {
  const [day, at] = [c.field, c.at].map((ref) => (/^\d/.test(ref) ? ref : values(form, ref)[0]));
  const [a, b] = [day, at].map((d) => new Date(d + "T00:00Z"));
  if (isNaN(a) || isNaN(b)) return [];
  return [String(c.as === "days" ? (a - b) / 864e5 : b.getUTCFullYear() - a.getUTCFullYear() - (at.slice(5) < day.slice(5)))];
};

// holds evaluates a condition of package forms against what the form says now.
export function holds(c, form) {
  if (c.and) return c.and.every((x) => holds(x, form));
  if (c.or) return c.or.some((x) => holds(x, form));
  if (c.not) return !holds(c.not, form);
  const v = c.as ? counted(c, form) : values(form, c.field);
  if ("filled" in c) return v.length > 0 === c.filled;
  if (!v.length) return false;
  if ("contains" in c) return v.includes(c.contains);
  if (c.in) return c.in.some((x) => String(x) === v[0]);
  if ("gt" in c) return number(v[0]) > number(c.gt);
  if ("ge" in c) return number(v[0]) >= number(c.ge);
  if ("lt" in c) return number(v[0]) < number(c.lt);
  if ("le" in c) return number(v[0]) <= number(c.le);
  if ("not_equals" in c) return !holds({ field: c.field, as: c.as, at: c.at, equals: c.not_equals }, form);
  if (c.equals === true) return true;
  return typeof c.equals === "number" ? number(v[0]) === c.equals : v[0] === String(c.equals);
}

// live shows computed values while the form is filled in: the server works them out, and keeps nothing.
export function live(root) {
  for (const form of root.querySelectorAll("form")) {
    if (!form.querySelector("[data-live]")) continue;
    let wait, latest;
    form.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(async () => {
        const turn = (latest = {}), body = new FormData(form);
        for (const e of form.querySelectorAll("[type=file]")) body.delete(e.name);
        try {
          const answer = await fetch(form.getAttribute("action") + "?calcul", { method: "POST", body });
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          if (turn === latest) for (const o of form.querySelectorAll("[data-live]")) o.textContent = page.getElementById(o.id)?.textContent ?? o.textContent;
        } catch {
          // Without a network the value comes with the next page.
        }
      }, 700);
    });
  }
}

// conditions show and hide the questions that depend on another answer.
export function conditions(root) {
  for (const form of root.querySelectorAll("form")) {
    const parts = [...form.querySelectorAll("[data-show-if]")].filter((p) => p.dataset.showIf);
    if (!parts.length) continue;
    const update = () => {
      for (const p of parts) p.hidden = p.disabled = !holds(JSON.parse(p.dataset.showIf), form);
    };
    form.addEventListener("input", update);
    update();
  }
}
