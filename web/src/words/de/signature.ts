import type { signature as english } from "../en/signature.ts";

export const signature: Readonly<Record<keyof typeof english, string>> = {
  "signature.title.content": "Was signiert wird",
  "signature.title.spelled-out": "Dasselbe ausgeschrieben",
  "signature.title.secret.newest": "Geheimnis {at} von {count} (das neueste): {id}",
  "signature.title.secret.oldest": "Geheimnis {at} von {count} (das älteste): {id}",
  "signature.title.secret": "Geheimnis {at} von {count}: {id}",
  "signature.title.header": "Kopfzeile {name}",
  "signature.title.compared": "Verglichen",
  "signature.title.unsigned": "Zurzeit lässt sich keine Signatur bilden",
  "signature.content.standard":
    "die Kennung, ein Punkt, der Zeitstempel in Unix-Sekunden, ein Punkt und die Bytes des Inhalts",
  "signature.content.timestamped":
    "der Zeitstempel in Unix-Sekunden (t), ein Punkt und die Bytes des Inhalts",
  "signature.content.body": "die Bytes des Inhalts und sonst nichts",
  "signature.made": "{how} über das, was signiert wird, in {coding}: {value}",
  "signature.same": "dasselbe, was gesendet wurde",
  "signature.other.both":
    "nicht, was in {first} und {second} gesendet wurde: Seitdem wurde ein Geheimnis gewechselt oder ist abgelaufen, oder das Profil des Empfängers wurde geändert",
  "signature.other":
    "nicht, was in {first} gesendet wurde: Seitdem wurde ein Geheimnis gewechselt oder ist abgelaufen, oder das Profil des Empfängers wurde geändert",
};
