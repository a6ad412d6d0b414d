import type { reasons as english } from "../en/reasons.ts";

export const reasons: Readonly<Record<keyof typeof english, string>> = {
  "reason.attempt-of": "{n} von {max}",
  "reason.failed": "Versuch {attempts} misslang: {error}.",
  "reason.others.one": " {n} andere wartet ebenfalls.",
  "reason.others.other": " {n} andere warten ebenfalls.",
  "reason.attempts.one": "{n} Versuch",
  "reason.attempts.other": "{n} Versuchen",
  "reason.in_flight": "Versuch {attempt} ist unterwegs.",
  "reason.in_flight.limit": "Er endet spätestens nach {timeout}.",
  "reason.in_flight.cancelled":
    "Die Zustellung wurde inzwischen abgebrochen, aber dieser Versuch kann noch gelingen.",
  "reason.due": "Versuch {attempt} ist fällig und beginnt innerhalb einer Sekunde.",
  "reason.scheduled": "Versuch {attempt} ist fällig: {next}.",
  "reason.retry_scheduled": "Versuch {attempt} ist fällig: {next}.",
  "reason.egress_blocked":
    "Versuch {attempts} wurde vom Ausgangswächter abgewiesen; seine Meldung sagt, warum. Versuch {attempt} ist fällig: {next}.",
  "reason.egress_blocked.grant":
    "Versuch {attempts} wurde vom Ausgangswächter abgewiesen: {grant} ist nicht erlaubt. Versuch {attempt} ist fällig: {next}.",
  "reason.endpoint_slowed":
    "Die Gegenseite bat um weniger Verkehr (sie antwortete 429, 502, 503 oder 504); der Empfänger bleibt in Ruhe bis {next}. Dann folgt Versuch {attempt}.",
  "reason.waiting_for_probe":
    "Versuch {attempt} ist fällig und wartet: Die Gegenseite bat um weniger Verkehr, deshalb geht nur einer auf einmal.",
  "reason.waiting_for_slot":
    "Versuch {attempt} ist fällig und wartet: Alle Versuche, die der Empfänger gleichzeitig zulässt ({max}), sind unterwegs.",
  "reason.waiting_for_slot.few":
    "Versuch {attempt} ist fällig und wartet: Beim Empfänger misslangen {failed} Versuche nacheinander, deshalb gehen nur wenige gleichzeitig.",
  "reason.waiting_for_rate":
    "Versuch {attempt} ist fällig und geht, sobald die Grenze des Empfängers von {rate} pro Sekunde es zulässt.",
  "reason.waiting_for_daemon":
    "Versuch {attempt} ist fällig und wartet: Alle Versuche, die der Daemon gleichzeitig macht ({max}), sind unterwegs.",
  "reason.waiting_for_storage":
    "Versuch {attempt} ist fällig, aber Ergebnisse lassen sich gerade nicht festhalten, deshalb wird nichts gesendet; sieh nach dem Datenträger.",
  "reason.held_paused":
    "Angehalten: Der Empfänger ist pausiert seit {since}. Setze ihn fort, damit es weitergeht.",
  "reason.disabled_by_operator":
    "Angehalten: Der Empfänger ist von Hand abgeschaltet seit {since}. Schalte ihn ein, damit es weitergeht.",
  "reason.disabled_gone":
    "Angehalten: Der Empfänger ist abgeschaltet seit {since}, weil er 410 Gone antwortete. Schalte ihn ein, damit es weitergeht.",
  "reason.disabled_by_receiver":
    "Angehalten: Der Empfänger ist abgeschaltet seit {since}, weil die Gegenseite es verlangte (webhook-delivery: disable). Schalte ihn ein, damit es weitergeht.",
  "reason.disabled_only_failures":
    "Angehalten: Der Empfänger ist abgeschaltet seit {since}, nach Tagen mit nichts als Fehlern. Schalte ihn ein, damit es weitergeht.",
  "reason.held_order":
    "Angehalten: Eine frühere Zustellung mit dem Reihenfolge-Schlüssel {key} ist nicht beendet; danach folgt diese.",
  "reason.being_released":
    "Der Empfänger wurde fortgesetzt ({since}); was angehalten war, wird freigegeben.",
  "reason.being_released.latest":
    "Der Empfänger wurde fortgesetzt ({since}); von jedem Reihenfolge-Schlüssel wird nur die neueste angehaltene Zustellung freigegeben, die anderen werden abgebrochen.",
  "reason.being_skipped":
    "Der Empfänger wurde fortgesetzt ({since}) ohne das, was angehalten war; diese Zustellung wird abgebrochen.",
  "reason.held_leftover":
    "Angehalten, obwohl der Empfänger aktiv ist; sende sie erneut, oder setze den Empfänger noch einmal fort.",
  "reason.delivered": "Zugestellt: Versuch {attempts} wurde mit Status {status} beantwortet.",
  "reason.exhausted": "Aufgegeben nach {run}.",
  "reason.exhausted.why": "Der letzte misslang: {error}.",
  "reason.resend": "Sende sie erneut, um es noch einmal zu versuchen.",
  "reason.gone": "Aufgegeben: Versuch {attempts} wurde mit 410 Gone beantwortet.",
  "reason.rejected":
    "Aufgegeben: Versuch {attempts} wurde mit Status {status} beantwortet, was dieser Empfänger nach seinen Einstellungen als endgültig nimmt.",
  "reason.aborted":
    "Aufgegeben: Die Gegenseite bat bei Versuch {attempts} darum, aufzuhören (webhook-delivery: abort-message).",
  "reason.test_failed": "Der Test misslang. Tests werden nicht wiederholt.",
  "reason.test_failed.why": "Der Test misslang: {error}. Tests werden nicht wiederholt.",
  "reason.cancelled": "Von Hand abgebrochen.",
  "reason.cancelled.after": "Nach {made} von Hand abgebrochen.",
  "reason.skipped": "Übersprungen, als der Empfänger ohne sie fortgesetzt wurde.",
  "reason.endpoint_deleted": "Abgebrochen: Der Empfänger wurde gelöscht.",
  "error.http": "die Gegenseite antwortete {status}",
  "error.redirect": "die Gegenseite antwortete {status}, und Umleitungen wird nicht gefolgt",
  "error.dns_failed": "der Name der Gegenseite ließ sich nicht auflösen",
  "error.connect_refused": "die Gegenseite nahm die Verbindung nicht an",
  "error.connect_timeout": "keine Verbindung innerhalb der Zeitgrenze",
  "error.connect_failed": "die Gegenseite ist über das Netz nicht zu erreichen",
  "error.tls_failed": "Zertifikat oder TLS-Handshake der Gegenseite wurde nicht anerkannt",
  "error.connection_reset": "die Verbindung wurde geschlossen, bevor eine Antwort kam",
  "error.timeout": "keine Antwort innerhalb der Zeitgrenze",
  "error.bad_response": "die Antwort war kein HTTP, oder ihre Kopfzeilen waren zu lang",
  "error.proxy_failed": "der Proxy nach draußen konnte die Gegenseite nicht erreichen",
  "error.url_invalid": "an die URL des Empfängers lässt sich nicht mehr senden",
  "error.unsendable": "es ließ sich nichts signieren oder senden; die Meldung sagt, warum",
  "error.egress_blocked": "der Ausgangswächter ließ das Ziel nicht zu",
};
