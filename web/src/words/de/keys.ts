import type { keys as english } from "../en/keys.ts";

export const keys: Readonly<Record<keyof typeof english, string>> = {
  "nav.keys": "Schlüssel",
  "keys.why":
    "Damit weisen sich Programme aus. Jeder lässt sich widerrufen, ohne die anderen zu berühren.",
  "keys.none": "Noch kein Schlüssel",
  "keys.none.why":
    "Ein Programm braucht einen, um Ereignisse zu senden oder zu lesen, was aus ihnen wurde.",
  "keys.show-revoked": "Widerrufene zeigen",
  "keys.name": "Name",
  "keys.name.hint": "Wer ihn benutzt – damit klar ist, was stehen bleibt, wenn er widerrufen wird.",
  "keys.hint": "Beginnt mit",
  "keys.scopes": "Rechte",
  "keys.scope.events:write": "Ereignisse senden.",
  "keys.scope.read": "Ereignisse, Zustellungen und Empfänger sehen, ohne Geheimnisse.",
  "keys.scope.manage":
    "Empfänger und Schlüssel ändern, erneut senden und abbrechen; schließt read ein.",
  "keys.instance": "Ganze Instanz",
  "keys.instance.hint":
    "Für alle Anwendungen, Einstellungen und Konten, nicht nur für diese Anwendung.",
  "keys.made": "Erstellt",
  "keys.used": "Zuletzt benutzt",
  "keys.unused": "nie",
  "keys.make": "Neuer Schlüssel",
  "keys.make.do": "Schlüssel erstellen",
  "keys.made.title": "Der Schlüssel {name}",
  "keys.made.why": "Er wird nur hier gezeigt und nie wieder: Aufbewahrt wird nur sein Hash.",
  "keys.made.done": "Ich habe ihn",
  "keys.revoke": "Widerrufen",
  "keys.revoked": "Widerrufen",
  "keys.revoke.title": "{name} widerrufen?",
  "keys.revoke.why": "Von da an öffnet er nichts mehr. Das lässt sich nicht rückgängig machen.",
  "keys.revoke.done": "{name} ist widerrufen.",
};
