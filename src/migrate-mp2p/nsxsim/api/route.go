package api

// Assumed begins the notes that no public source backs.
const Assumed = "ASSUMED: "

// ManagerPrefix stands before every Manager path.
const ManagerPrefix = "/api/v1/"

// PolicyPrefix stands before every Policy path.
const PolicyPrefix = "/policy/api/v1"
