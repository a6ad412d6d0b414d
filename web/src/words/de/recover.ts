import type { recover as english } from "../en/recover.ts";

export const recover: Readonly<Record<keyof typeof english, string>> = {
  "nav.recover": "Nachholen",
  "recover.why":
    "Was aufgegeben wurde oder nach einem Fehler auf einen neuen Versuch wartet. Sobald der Empfänger wieder gesund ist: noch einmal senden.",
  "recover.since": "Misslungen seit",
  "recover.since.own": "Einem Zeitpunkt …",
  "recover.all": "Alles nachholen",
  "recover.endpoint": "Alle davon nachholen",
  "recover.group": "Nachholen",
  "recover.failed.one": "{n} Zustellung misslungen",
  "recover.failed.other": "{n} Zustellungen misslungen",
  "recover.first": "zuerst",
  "recover.last": "zuletzt",
  "recover.example": "Beispiel",
  "recover.none": "Nichts ist misslungen",
  "recover.none.why":
    "In diesem Zeitraum wurde keine Zustellung aufgegeben, und keine wartet auf einen neuen Versuch.",
  "recover.none.waiting": "Zeigen, was wartet",
  "recover.title": "{name} nachholen",
  "recover.title.all": "Alles Misslungene nachholen",
  "recover.counting": "Wird gezählt …",
  "recover.count.none": "Nichts mehr nachzuholen: Es wurde inzwischen gesendet oder abgebrochen.",
  "recover.count.one": "{n} Zustellung würde noch einmal gesendet.",
  "recover.count.other": "{n} Zustellungen würden noch einmal gesendet.",
  "recover.do.one": "{n} Zustellung nachholen",
  "recover.do.other": "{n} Zustellungen nachholen",
  "recover.error": "Nur, was hiermit misslang:",
  "recover.how":
    "Jede ist sofort fällig und beginnt mit ihren Wiederholungen von vorn. Der Empfänger sieht dieselbe Kennung wie vorher.",
  "recover.started.one": "{n} Zustellung ist wieder unterwegs.",
  "recover.started.other": "{n} Zustellungen sind wieder unterwegs.",
  "recover.progress": "Versuche seitdem",
  "recover.ended": "Seitdem bei diesen Empfängern: {delivered} zugestellt, {failed} misslungen.",
};
