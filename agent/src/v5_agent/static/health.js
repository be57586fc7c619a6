// Keeps the health page fresh without loading it again: whoever reads with a keyboard or a screen reader stays where they are.
"use strict";

(() => {
  const PERIOD = 10000;

  async function refresh() {
    const main = document.getElementById("main");
    const reading = main.contains(document.activeElement) || main.querySelector("details[open]");
    if (document.hidden || reading) return;
    try {
      const response = await fetch(location.href, { cache: "no-store" });
      if (!response.ok) throw new Error(response.status);
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("main");
      main.replaceChildren(...document.adoptNode(fresh).childNodes);
    } catch {
      // A light that stays green after the agent has died would be a lie.
      const headline = document.getElementById("headline");
      headline.dataset.light = "red";
      headline.querySelector("h1").textContent = headline.dataset.lost;
    }
  }
  setInterval(refresh, PERIOD);
})();
