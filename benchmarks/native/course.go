package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
)

// Course is what one run is made of: objects, and who waits for whom. course.json holds it; the bytes to send lie in
// course.bodies beside it, so that reading a course costs next to nothing.
type Course struct {
	Objects []Object `json:"objects"`
	bodies  []byte
}

// Object is one declared object, or, without a path, a group: nobody's object, which opens with its members.
type Object struct {
	Path       string  `json:"path"`
	Collection string  `json:"collection"` // over all namespaces
	Namespace  string  `json:"namespace"`
	Name       string  `json:"name"`
	Kind       string  `json:"kind"`
	Offset     int     `json:"offset"`
	Length     int     `json:"length"`
	Tail       float64 `json:"tail"` // seconds that are expected to hang on it: the longest leaves first
	Waits      []Wait  `json:"waits"`
}

// Wait is one edge: until what the object at place On has to have come.
type Wait struct {
	On    int    `json:"on"`
	Until string `json:"until"` // exists, served, ready
}

func courseFlag(flags *flag.FlagSet) *string {
	return flags.String("course", "", "folder with course.json and course.bodies")
}

func readCourse(folder string) (*Course, error) {
	course := &Course{}
	text, err := os.ReadFile(filepath.Join(folder, "course.json"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, course); err != nil {
		return nil, err
	}
	course.bodies, err = os.ReadFile(filepath.Join(folder, "course.bodies"))
	return course, err
}

func (course *Course) body(object *Object) []byte {
	return course.bodies[object.Offset : object.Offset+object.Length]
}

// key names an object inside its collection, as watches tell of it.
func key(namespace, name string) string { return namespace + "/" + name }
