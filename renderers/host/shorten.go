package host

import "strings"

const (
	longestMessage = 2_000
	longestEnd     = 500
	// called is what Go's templates put between an error and the template that it came through.
	called = ": error calling include: "
)

// shortened is a text in which nothing stands twice, without its middle: a chain of errors ends
// with its cause, and of a helper that includes itself the same line comes a thousand times.
func shortened(text string) string {
	if len(text) <= longestMessage {
		return text
	}
	text = onceEach(text)
	if len(text) <= longestMessage {
		return text
	}
	head, tail := text[:longestMessage-longestEnd], text[len(text)-longestEnd:]
	return strings.ToValidUTF8(head, "") + " ... " + strings.ToValidUTF8(tail, "")
}

func onceEach(text string) string {
	seen := map[string]bool{}
	var links []string
	for _, link := range strings.Split(text, called) {
		if !seen[link] {
			seen[link] = true
			links = append(links, link)
		}
	}
	return strings.Join(links, called)
}
