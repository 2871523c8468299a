/** What the texts of test/fixtures/charts/random look like, whatever was drawn. */
const pem = (label: string) =>
  new RegExp(`^-----BEGIN ${label}-----\\n[A-Za-z0-9+/=\\n]+-----END ${label}-----\\n$`);

export const randomTexts: Readonly<Record<string, RegExp>> = {
  "ca.crt": pem("CERTIFICATE"),
  "tls.crt": pem("CERTIFICATE"),
  "tls.key": pem("RSA PRIVATE KEY"),
  alphaNum: /^[A-Za-z0-9]{16}$/,
  alpha: /^[A-Za-z]{8}$/,
  numeric: /^[0-9]{8}$/,
  ascii: /^[ -~]{12}$/,
  bytes: /^[A-Za-z0-9+/]{12}$/,
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  // All of the letters, in any order.
  shuffled: /^(?!.*(.).*\1)[a-h]{8}$/,
  key: pem("EC PRIVATE KEY"),
  htpasswd: /^user:\$2a\$10\$[./A-Za-z0-9]{53}$/,
  bcrypt: /^\$2a\$10\$[./A-Za-z0-9]{53}$/,
  aes: /^[A-Za-z0-9+/]{43}=$/,
  int: /^[0-9]{1,3}$/,
  now: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  ago: /^[01]s$/,
  seconds: /^[0-9]{10}$/,
};
