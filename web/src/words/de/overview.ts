import type { overview as english } from "../en/overview.ts";

export const overview: Readonly<Record<keyof typeof english, string>> = {
  "nav.overview": "Übersicht",
  "overview.accepted": "Angenommen / Minute",
  "overview.delivered": "Zugestellt / Minute",
  "overview.failed": "Misslungen / Minute",
  "overview.in-a-day": "{n} in 24 Stunden",
  "overview.queue": "Warteschlange",
  "overview.in-flight.one": "{n} gerade unterwegs",
  "overview.in-flight.other": "{n} gerade unterwegs",
  "overview.oldest": "Älteste wartet",
  "overview.oldest.note": "seit sie fällig war",
  "overview.held": "Angehalten",
  "overview.held.note": "pausiert oder der Reihe nach",
  "overview.throughput": "Durchsatz",
  "overview.all-endpoints": "Alle Empfänger",
  "overview.more-endpoints.one": "und {n} weiterer",
  "overview.more-endpoints.other": "und {n} weitere",
  "overview.first.title": "Zwei Schritte zur ersten Zustellung",
  "overview.first.why": "Es gibt noch keinen Empfänger, also wird niemandem etwas zugestellt.",
  "overview.first.events":
    "Ereignisse kommen an, aber es gibt noch keinen Empfänger: Zugestellt wird niemandem etwas.",
  "overview.first.endpoint": "Sage, wohin zugestellt wird",
  "overview.first.endpoint.why":
    "Ein Empfänger ist eine Adresse und die Ereignisse, die dort gewünscht sind.",
  "overview.first.viewer": "Anlegen kann ihn ein Administrator; dein Konto liest nur.",
  "overview.first.send": "Sende ein Ereignis",
  "overview.first.send.why":
    "Mit einem Schlüssel aus der Ansicht „Schlüssel“, von jeder Maschine aus:",
  "age.seconds": "{n} s",
  "age.minutes": "{n} min",
  "age.hours": "{n} h",
  "age.days": "{n} T",
  "attention.title": "Braucht Aufmerksamkeit",
  "attention.count.one": "{n} Sache",
  "attention.count.other": "{n} Sachen",
  "attention.endpoint_disabled": "Abgeschaltet",
  "attention.endpoint_failing": "Gestört",
  "attention.egress_blocked": "Gesperrt",
  "attention.exhausted": "Aufgegeben",
  "attention.not_ready": "Nicht bereit",
  "attention.disk_low": "Speicherplatz",
  "attention.certificate_unchecked": "Zertifikat",
  "attention.say.disabled.gone":
    "{name} wurde abgeschaltet, weil er 410 Gone antwortete. Was ankommt, wird angehalten: einschalten, sobald er wieder gesund ist, oder löschen.",
  "attention.say.disabled.receiver_control":
    "{name} wurde abgeschaltet, weil die Gegenseite es verlangte. Was ankommt, wird angehalten: einschalten, sobald es weitergehen darf, oder löschen.",
  "attention.say.disabled.only_failures":
    "{name} wurde nach Tagen mit nichts als Fehlern abgeschaltet. Was ankommt, wird angehalten: einschalten, sobald er wieder gesund ist, oder löschen.",
  "attention.say.blocked.one":
    "{n} Versuch bei {name} hat diese Maschine nicht verlassen: Seine Adresse ist nicht erlaubt. Erlaube sie dort, wenn sie dir gehört.",
  "attention.say.blocked.other":
    "{n} Versuche bei {name} haben diese Maschine nicht verlassen: Seine Adresse ist nicht erlaubt. Erlaube sie dort, wenn sie dir gehört.",
  "attention.say.failing.one":
    "Der letzte Versuch bei {name} misslang. Die letzten Versuche zeigen, was er antwortet.",
  "attention.say.failing.other":
    "Die letzten {n} Versuche bei {name} misslangen alle. Die letzten Versuche zeigen, was er antwortet.",
  "attention.say.exhausted.one":
    "{n} Zustellung an {name} wurde im letzten Tag aufgegeben. Sobald er wieder gesund ist, lässt sie sich nachholen.",
  "attention.say.exhausted.other":
    "{n} Zustellungen an {name} wurden im letzten Tag aufgegeben. Sobald er wieder gesund ist, lassen sie sich nachholen.",
  "attention.say.certificate":
    "Das Zertifikat von {name} wird nicht geprüft: Wer dazwischen steht, kann mitlesen. Gib seine eigene Zertifizierungsstelle an und prüfe wieder.",
  "attention.say.not_ready":
    "Ereignisse werden nicht angenommen: Eine der eigenen Prüfungen des Daemons schlägt fehl. Die Systemseite sagt, welche, und sein Protokoll sagt mehr.",
  "attention.say.disk_low":
    "Ereignisse werden nicht angenommen: Auf dem Datenträger ist zu wenig frei. Schaffe Platz.",
  "attention.endpoint": "Zum Empfänger",
  "attention.delivery": "Zur Zustellung",
  "attention.recover": "Nachholen",
  "attention.system": "Zum System",
  "flow.accepted": "Ereignisse angenommen",
  "flow.delivered": "Zugestellt",
  "flow.failed": "Misslungene Versuche",
  "chart.span": "Zeitraum",
  "chart.span.1h": "1 Stunde",
  "chart.span.6h": "6 Stunden",
  "chart.span.24h": "24 Stunden",
  "chart.span.7d": "7 Tage",
  "chart.span.30d": "30 Tage",
  "chart.time": "Ab",
  "chart.table": "Als Tabelle",
  "chart.none": "In diesem Zeitraum ist nichts geschehen.",
  "chart.others": "andere",
  "chart.bucket.minutes.one": "je Minute",
  "chart.bucket.minutes.other": "je {n} Minuten",
  "chart.bucket.hours.one": "je Stunde",
  "chart.bucket.hours.other": "je {n} Stunden",
  "attention.more.one": "{n} weitere zeigen",
  "attention.more.other": "{n} weitere zeigen",
  "chart.throughput.summary":
    "In diesem Zeitraum: {accepted} Ereignisse angenommen, {delivered} Zustellungen gelungen, {failed} Versuche misslungen.",
  "chart.latency": "Dauer der Versuche",
  "chart.latency.summary":
    "Zuletzt dauerte die Hälfte der Versuche höchstens {p50}, und 95 % höchstens {p95}.",
  "chart.causes": "Fehler nach Ursache",
  "chart.causes.none": "In diesem Zeitraum ist kein Versuch misslungen.",
};
