import { effect } from "@preact/signals";
import { render } from "preact";
import { startClock } from "./data/clock.ts";
import { App } from "./shell/app.tsx";
import { applyTheme } from "./shell/theme.ts";
import { language, preferredLanguage, speak } from "./words/words.ts";

applyTheme();
startClock();
effect(() => {
  document.documentElement.lang = language.value;
});
void speak(preferredLanguage()).then(() => {
  const place = document.getElementById("page");
  if (place !== null) render(<App />, place);
});
