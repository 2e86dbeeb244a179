// Searches for a commune while its name is typed. Without it, the button does.
const form = document.querySelector("form.search");
let timer, turn = 0;
form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const mine = ++turn, q = form.elements.q.value.trim();
    if (q.length < 2) return;
    try {
      const answer = await fetch(form.action + "?q=" + encodeURIComponent(q));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.querySelector("#resultats");
      if (answer.ok && found && mine === turn) document.querySelector("#resultats").replaceChildren(...document.adoptNode(found).childNodes);
    } catch {
      // The button still searches.
    }
  }, 250);
});
