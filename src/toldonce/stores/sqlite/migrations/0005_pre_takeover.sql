-- The bundled embedder has the name of the project, which changed. (See toldonce.takeover; the word stands in two files.)
UPDATE setting SET value = 'toldonce' WHERE key = 'embedder' AND value = 'recollect';
