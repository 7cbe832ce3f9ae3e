package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
)

const gracePeriod = 5 * time.Second

// serve answers on all addresses, which are separated by commas, until the context ends; requests that are under way
// by then are finished. It speaks TLS when it is given a certificate.
func serve(ctx context.Context, addresses string, handler http.Handler, certificate *tls.Certificate) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	answer := server.Serve
	if certificate != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12}
		answer = func(listener net.Listener) error { return server.ServeTLS(listener, "", "") }
	}
	failed := make(chan error)
	for address := range strings.SplitSeq(addresses, ",") {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		log.Printf("answers on %s", listener.Addr())
		go func() {
			if err := answer(listener); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		}()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Print("stops")
	grace, done := context.WithTimeout(context.Background(), gracePeriod)
	defer done()
	return server.Shutdown(grace)
}

// answerOK is the body of every health endpoint that has nothing to say.
func answerOK(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "ok")
}
