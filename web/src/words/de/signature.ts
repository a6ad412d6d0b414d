import type { signature as english } from "../en/signature.ts";

export const signature: Readonly<Record<keyof typeof english, string>> = {
  "signature.step.signed_content": "Was signiert wird",
  "signature.step.spelled_out": "Dasselbe ausgeschrieben",
  "signature.step.secret": "Geheimnis {number} von {count}: {id}",
  "signature.step.header": "Kopfzeile {header}",
  "signature.step.compared": "Verglichen",
  "signature.step.unsigned": "Zurzeit lässt sich keine Signatur bilden",
  "signature.secret.newest": "Geheimnis {number} von {count} (das neueste): {id}",
  "signature.secret.oldest": "Geheimnis {number} von {count} (das älteste): {id}",
  "signature.content.id.timestamp.body":
    "die Kennung, ein Punkt, der Zeitstempel in Unix-Sekunden, ein Punkt und die Bytes des Inhalts",
  "signature.content.timestamp.body":
    "der Zeitstempel in Unix-Sekunden (t), ein Punkt und die Bytes des Inhalts",
  "signature.content.body": "die Bytes des Inhalts und sonst nichts",
  "signature.left_out.too_long": "{beginning}… <insgesamt {bytes} Bytes>",
  "signature.left_out.not_text": "{beginning}<{bytes} Bytes, die kein Text sind>",
  "signature.made": "{algorithm} über das, was signiert wird, in {encoding}: {signature}",
  "signature.same": "dasselbe, was gesendet wurde",
  "signature.other":
    "nicht, was in {headers} gesendet wurde: Seitdem wurde ein Geheimnis gewechselt oder ist abgelaufen, oder das Profil des Empfängers wurde geändert",
};
