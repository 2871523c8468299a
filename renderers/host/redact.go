package host

import (
	"net/url"
	"regexp"
	"strings"
)

// remote is the beginning of a URL as a text quotes it: also `https:/`, which is what cleaning a
// path makes of it.
const remote = `([a-zA-Z][a-zA-Z0-9+.-]*:/{1,2})`

var (
	userinfo = regexp.MustCompile(remote + `[^\s'"` + "`" + `<>]*@`)
	// user@host.example:path and user@host.example/path, as Git takes them.
	login = regexp.MustCompile(`(^|[\s'"` + "`" + `(\[=:/])[^\s'"` + "`" + `()\[\]<>@/=]+@([\w-]+(?:\.[\w-]+)+[:/])`)
	query = regexp.MustCompile(remote + `([^\s'"` + "`" + `<>?#]*)[?#][^\s'"` + "`" + `<>)\]]*`)
	// Parsers of YAML quote what they did not expect, whole or its beginning.
	scalar = regexp.MustCompile("(cannot (?:unmarshal|decode) !!\\w+) `[^`]*`")
	// A text that begins with `*` and is not in quotes, such as a password.
	anchor = regexp.MustCompile(`(unknown anchor) '[^']*'( referenced)`)
)

// redacted is a text without what nobody else may read: credentials of URLs, neither before an
// `@`, nor in a query, of which the revision alone stays; and scalars that a parser quotes.
func redacted(text string) string {
	text = userinfo.ReplaceAllString(text, "$1")
	text = scalar.ReplaceAllString(text, "$1")
	text = anchor.ReplaceAllString(text, "$1$2 (a text that begins with * belongs in quotes)")
	text = login.ReplaceAllString(text, "$1$2")
	return query.ReplaceAllStringFunc(text, func(found string) string {
		address, rest, _ := strings.Cut(found, "?")
		address, _, _ = strings.Cut(address, "#")
		values, err := url.ParseQuery(rest)
		if revision := values.Get("ref"); err == nil && revision != "" {
			return address + "?ref=" + revision
		}
		return address
	})
}
