module mooring.dev/misbehave

go 1.26
