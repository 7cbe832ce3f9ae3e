package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	userVariable     = "DATABASE_USER"
	passwordVariable = "DATABASE_PASSWORD"
	largestBody      = 1 << 20
)

var plainClient = &http.Client{Timeout: 5 * time.Second}

// call makes one request with the credentials of the environment, if it has any, and returns the body of a 2xx
// answer. A refusal for lack of rights is final.
func call(ctx context.Context, method, url, body string) ([]byte, int, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, 0, final{err}
	}
	if user := os.Getenv(userVariable); user != "" {
		request.SetBasicAuth(user, os.Getenv(passwordVariable))
	}
	response, err := plainClient.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, largestBody))
	if err != nil {
		return nil, 0, err
	}
	if response.StatusCode/100 == 2 {
		return data, response.StatusCode, nil
	}
	err = fmt.Errorf("%s %s: %s: %s", method, url, response.Status, strings.TrimSpace(string(data)))
	if response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden {
		err = final{err}
	}
	return nil, response.StatusCode, err
}

// runGet fetches an address once it answers 2xx, and prints or keeps what it says.
func runGet(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("get", flag.ContinueOnError)
	var trying patience
	trying.flagsIn(flags)
	out := flags.String("out", "/dev/stdout", "the file that gets the answer")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return coded{2, "get needs one address"}
	}
	return trying.until(ctx, func() error {
		data, _, err := call(ctx, http.MethodGet, flags.Arg(0), "")
		if err != nil {
			return err
		}
		return os.WriteFile(*out, data, 0o644)
	})
}
