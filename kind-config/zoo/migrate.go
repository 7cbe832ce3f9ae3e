package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
)

// runMigrate brings a database to the schema of this release: its version is the number of migrations that a folder
// holds. It waits for a database that is not up yet, and refuses one that is newer than the release.
func runMigrate(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	database := flags.String("db", "http://localhost:5432", "the database")
	from := flags.String("from", "/migrations", "the folder with one .sql file for each version")
	var trying patience
	trying.flagsIn(flags)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	steps, err := filepath.Glob(filepath.Join(*from, "*.sql"))
	if err != nil || len(steps) == 0 {
		return fmt.Errorf("%s holds no migrations", *from)
	}
	address := strings.TrimSuffix(*database, "/") + "/values/schema"
	return trying.until(ctx, func() error { return migrate(ctx, address, len(steps)) })
}

func migrate(ctx context.Context, address string, wanted int) error {
	found, code, err := call(ctx, http.MethodGet, address, "")
	if code == http.StatusNotFound {
		found, err = []byte("0"), nil
	}
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(string(found))
	if err != nil {
		return final{fmt.Errorf("%q is not a schema version", found)}
	}
	if version > wanted {
		return final{fmt.Errorf("the schema is at version %d, and this release knows %d", version, wanted)}
	}
	if version < wanted {
		if _, _, err = call(ctx, http.MethodPut, address, strconv.Itoa(wanted)); err != nil {
			return err
		}
	}
	log.Printf("the schema was at version %d and is at %d", version, wanted)
	return nil
}
