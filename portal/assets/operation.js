import "./portal.js";
import "./playground.js";
