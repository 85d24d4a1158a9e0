// Reads and writes values with the Go types that quicktype made, or judges texts by patterns.
//
// `client types` reads lines {"type": …, "value": …} and writes {"value": …} or {"refused": …};
// `client patterns` reads {"patterns": […], "texts": […]} and writes a list of verdicts for each pattern.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
)

type line struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

type answer struct {
	Value   json.RawMessage `json:"value,omitempty"`
	Refused string          `json:"refused,omitempty"`
}

func main() {
	var err error
	switch command := os.Args[1]; command {
	case "types":
		err = types()
	case "patterns":
		err = patterns()
	default:
		err = fmt.Errorf("no command %q", command)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func types() error {
	input := json.NewDecoder(bufio.NewReader(os.Stdin))
	output := json.NewEncoder(os.Stdout)
	for input.More() {
		var it line
		if err := input.Decode(&it); err != nil {
			return err
		}
		read, known := byName[it.Type]
		if !known {
			return fmt.Errorf("no type %q", it.Type)
		}
		var result answer
		value, err := read(it.Value)
		if err != nil {
			result.Refused = err.Error()
		}
		result.Value = value
		if err := output.Encode(result); err != nil {
			return err
		}
	}
	return nil
}

func roundTrip[T any](text []byte) ([]byte, error) {
	var value T
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, err
	}
	return json.Marshal(&value)
}

func patterns() error {
	var input struct {
		Patterns []string `json:"patterns"`
		Texts    []string `json:"texts"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		return err
	}
	verdicts := make([][]bool, 0, len(input.Patterns))
	for _, pattern := range input.Patterns {
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			return err
		}
		row := make([]bool, 0, len(input.Texts))
		for _, text := range input.Texts {
			row = append(row, compiled.MatchString(text))
		}
		verdicts = append(verdicts, row)
	}
	return json.NewEncoder(os.Stdout).Encode(verdicts)
}
