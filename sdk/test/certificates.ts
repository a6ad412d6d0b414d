import { generateKeyPairSync } from "node:crypto";

/** Writes a certificate that says what the test wants. Its issuer's signature is nonsense, which nobody here looks at. */

export const RSA_KEYS = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const RSA_SPKI = RSA_KEYS.publicKey.export({ format: "der", type: "spki" });
export const RSA_PKCS8 = RSA_KEYS.privateKey.export({ format: "der", type: "pkcs8" });

export interface CertificateText {
  readonly spki?: Uint8Array;
  readonly notBefore?: readonly [tag: number, text: string];
  readonly notAfter?: readonly [tag: number, text: string];
}

const UTC = 0x17;

export function der(tag: number, ...contents: readonly (Uint8Array | readonly number[])[]): Buffer {
  const content = Buffer.concat(contents.map((one) => Buffer.from(one)));
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

export function certificateDer(text: CertificateText = {}): Buffer {
  const {
    spki = RSA_SPKI,
    notBefore = [UTC, "260101000000Z"],
    notAfter = [UTC, "361231235959Z"],
  } = text;
  const name = der(0x30);
  const algorithm = der(0x30, der(0x06, [0x2a, 3]));
  const validity = der(
    0x30,
    der(notBefore[0], Buffer.from(notBefore[1])),
    der(notAfter[0], Buffer.from(notAfter[1])),
  );
  const version = der(0xa0, der(0x02, [2]));
  const signed = der(0x30, version, der(0x02, [7]), algorithm, name, validity, name, spki);
  return der(0x30, signed, algorithm, der(0x03, [0, 1, 2, 3]));
}

export function pem(file: Uint8Array): string {
  const lines =
    Buffer.from(file)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
