package policy

import (
	"errors"
	"fmt"
)

// Limits of a group's expression (NSX Go SDK, Group and NestedExpression).
const (
	maxConditions = 5
	maxMembers    = 500
)

// CheckExpression tells what is wrong with the expression of a group, whose elements have been checked one by one: it
// alternates with conjunctions, at most 5 conditions and nested expressions in a list, at most 500 addresses, external
// ids and paths; nested ones hold conditions of one member type, joined by AND (NSX Go SDK).
func CheckExpression(expression []any) error {
	if err := alternates(expression); err != nil {
		return err
	}
	conditions, members := 0, 0
	for i, element := range expression {
		part, _ := element.(map[string]any)
		switch part["resource_type"] {
		case "Condition":
			conditions++
		case "NestedExpression":
			conditions++
			inner, _ := part["expressions"].([]any)
			if err := checkNested(inner); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		for _, name := range []string{"ip_addresses", "mac_addresses", "external_ids", "paths"} {
			list, _ := part[name].([]any)
			members += len(list)
		}
	}
	switch {
	case conditions > maxConditions:
		return fmt.Errorf("it has %d conditions and nested expressions; the limit is %d", conditions, maxConditions)
	case members > maxMembers:
		return fmt.Errorf("it has %d addresses, external ids and paths; the limit is %d", members, maxMembers)
	}
	return nil
}

// alternates demands an odd number of elements, every second one a conjunction.
func alternates(expression []any) error {
	if len(expression) > 0 && len(expression)%2 == 0 {
		return fmt.Errorf("it has %d elements; the number must be odd", len(expression))
	}
	for i, element := range expression {
		part, _ := element.(map[string]any)
		switch conjunction := part["resource_type"] == "ConjunctionOperator"; {
		case i%2 == 0 && conjunction:
			return fmt.Errorf("element %d is a conjunction where an expression must be", i)
		case i%2 == 1 && !conjunction:
			return fmt.Errorf("element %d is an expression where a conjunction must be", i)
		}
	}
	return nil
}

func checkNested(expressions []any) error {
	if len(expressions) == 0 {
		return errors.New("a nested expression is empty")
	}
	if err := alternates(expressions); err != nil {
		return fmt.Errorf("in the nested expression: %w", err)
	}
	var memberType any
	for i, element := range expressions {
		part, _ := element.(map[string]any)
		switch {
		case i%2 == 1 && part["conjunction_operator"] != "AND":
			return errors.New("a nested expression may join its conditions by AND only")
		case i%2 == 1:
		case part["resource_type"] != "Condition":
			return errors.New("a nested expression may hold conditions only")
		case i > 0 && part["member_type"] != memberType:
			return errors.New("a nested expression has conditions of several member types")
		default:
			memberType = part["member_type"]
		}
	}
	if n := len(expressions)/2 + 1; n > maxConditions {
		return fmt.Errorf("a nested expression has %d conditions; the limit is %d", n, maxConditions)
	}
	return nil
}
